// Ask a hub by the library sdmx-rest: arguments are the base address, the version of the API and a list of queries as
// JSON; what came back, each a text, is printed as a JSON list.
const rest = require("sdmx-rest");

const MAKERS = {
  data: rest.getDataQuery,
  data2: rest.getDataQuery2,
  structure: rest.getMetadataQuery,
  availability: rest.getAvailabilityQuery,
  availability2: rest.getAvailabilityQuery2,
  schema: rest.getSchemaQuery,
};

async function main([url, api, queries]) {
  const service = rest.getService({ url, api });
  const answers = [];
  for (const [kind, query, accept] of JSON.parse(queries)) {
    const headers = accept ? { headers: { Accept: accept } } : {};
    answers.push(await rest.request(MAKERS[kind](query), service, headers));
  }
  process.stdout.write(JSON.stringify(answers));
}

main(process.argv.slice(2)).catch((error) => {
  process.stderr.write(String(error.stack || error));
  process.exit(1);
});
