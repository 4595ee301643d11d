// Draws portraits with DiceBear and tells what each shows: a line of JSON for
// each, {style, svg, is}. Arguments: the folder of the packages, how many of
// each style, and the styles.
import { pathToFileURL } from "node:url";

const [dir, count, ...styles] = process.argv.slice(2);
const load = (name) => import(pathToFileURL(`${dir}/node_modules/@dicebear/${name}/lib/index.js`));
const { createAvatar } = await load("core");
for (const style of styles) {
  const collection = await load(style);
  for (let i = 0; i < Number(count); i++) {
    const avatar = createAvatar(collection, {
      seed: `${style} ${i}`,
      facialHairProbability: 20, glassesProbability: 30, accessoriesProbability: 35, maskProbability: 0, featuresProbability: 10,
    });
    console.log(JSON.stringify({ style, svg: avatar.toString(), is: avatar.toJson().extra }));
  }
}
