/** The scripts that teach a shell to complete `ferry`. Each asks ferry itself, so it need not be renewed with it. */

const BASH = `# ferry completion for bash: source <(ferry completion bash), or put this into
# ~/.local/share/bash-completion/completions/ferry
_ferry() {
  local cur="\${COMP_WORDS[COMP_CWORD]}" one
  COMPREPLY=()
  while IFS=$'\\t' read -r one _; do
    if [[ $one == "$cur"* ]]; then COMPREPLY+=("$one"); fi
  done < <("\${COMP_WORDS[0]}" __complete -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
  # Behind NAME: goes a path, and no space.
  if [[ \${#COMPREPLY[@]} -eq 1 && \${COMPREPLY[0]} == *: ]]; then compopt -o nospace 2>/dev/null; fi
}
complete -o bashdefault -o default -F _ferry ferry
`;

const ZSH = `#compdef ferry
# ferry completion for zsh: source <(ferry completion zsh) after compinit, or
# put this as _ferry into a folder of $fpath
_ferry() {
  local -a plain places
  local value description
  while IFS=$'\\t' read -r value description; do
    if [[ $value == *: ]]; then places+=("$value"); else plain+=("$value\${description:+:$description}"); fi
  done < <("\${words[1]}" __complete -- "\${(@)words[2,CURRENT]}" 2>/dev/null)
  (( \${#plain} )) && _describe ferry plain
  # Behind NAME: goes a path, and no space.
  (( \${#places} )) && compadd -S '' -- "\${places[@]}"
  (( \${#plain} + \${#places} )) || _files
}
if [[ $funcstack[1] == _ferry ]]; then _ferry "$@"; else compdef _ferry ferry; fi
`;

const FISH = `# ferry completion for fish: ferry completion fish | source, or put this into
# ~/.config/fish/completions/ferry.fish
function __ferry_candidates
    set -l words (commandline -opc) (commandline -ct)
    $words[1] __complete -- $words[2..-1] 2>/dev/null
end
complete -c ferry -a '(__ferry_candidates)'
`;

export const SCRIPTS = { bash: BASH, zsh: ZSH, fish: FISH } as const;

export type ShellName = keyof typeof SCRIPTS;
