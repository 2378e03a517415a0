/**
 * Keeps the memory of the command small: imported first, before anything has grown. What a run works on is short-lived
 * and little at a time, so the room for new objects, which Node would let grow to 32 MB and keep, stays as it is. It is
 * soon swept by one thread; several would be in each other's way, and in a server's on the same machine.
 */
import v8 from 'node:v8';

v8.setFlagsFromString('--semi-space-growth-factor=1');
v8.setFlagsFromString('--no-parallel-scavenge');
