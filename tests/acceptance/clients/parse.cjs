// Read data by the library sdmx-json-parser. Printed as JSON: the name, the observations by the ids of their dimensions
// as the library finds them in the data, and the same as the library names them where attributes were left out.
const { SDMXParser } = require("sdmx-json-parser");

async function main([url]) {
  const parser = new SDMXParser();
  await parser.getDatasets(url);
  const dimensions = parser.getDimensions();
  const position = (id) => dimensions.find((each) => each.id === id).keyPosition;
  const observations = Object.entries(parser.getObservations()).map(([key, [value]]) => {
    const indices = key.split(":");
    const codes = dimensions.map(({ id, values }) => [id, values[indices[position(id)]].id]);
    return { ...Object.fromEntries(codes), value };
  });
  const hasAttributes = parser.getAttributes().length > 0;
  const named = hasAttributes ? null : parser.getData();
  process.stdout.write(JSON.stringify({ name: parser.getName(), observations, named }));
}

main(process.argv.slice(2)).catch((error) => {
  process.stderr.write(String(error.stack || error));
  process.exit(1);
});
