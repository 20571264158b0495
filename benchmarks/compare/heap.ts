/** Lets a server collect garbage and prints the bytes of its heap that are in use then: `node heap.ts INSPECTOR`. */
import { collectGarbage } from "../inspector.ts";

console.log(await collectGarbage(process.argv[2] as string));
