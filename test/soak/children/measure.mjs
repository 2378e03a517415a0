// Loaded before the command that is measured: asked by a message, it collects the garbage and says what is left (bytes).
process.on('message', () => {
  globalThis.gc();
  const { heapUsed, external } = process.memoryUsage();
  process.send(heapUsed + external);
});
process.channel.unref();
