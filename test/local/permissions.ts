/** Does something as a user whom permissions bind: root passes them all. */

const NOBODY = 65534;

export async function asBoundUser<T>(act: () => Promise<T>): Promise<T> {
  if (process.getuid?.() !== 0) return act();
  process.seteuid!(NOBODY);
  try {
    return await act();
  } finally {
    process.seteuid!(0);
  }
}
