# Read a message by the package rsdmx and write it as CSV. Arguments: the file, the base address, what is asked (data,
# dataflow, datastructure), the id, and a key with "labels" for data read with their structure, or a codelist.
suppressPackageStartupMessages(library(rsdmx))
arguments <- commandArgs(trailingOnly = TRUE)
given <- arguments[-1]
provider <- SDMXServiceProvider(
  agencyId = "HUB", name = "HUB",
  builder = SDMXREST21RequestBuilder(regUrl = given[1], repoUrl = given[1], compliant = TRUE)
)
suppressMessages(addSDMXServiceProvider(provider))
if (given[2] == "data") {
  message <- readSDMX(
    providerId = "HUB", resource = "data", flowRef = given[3], key = given[4], key.mode = "SDMX",
    dsd = given[5] == "labels"
  )
  frame <- as.data.frame(message, labels = given[5] == "labels")
} else {
  message <- readSDMX(providerId = "HUB", resource = given[2], resourceId = if (given[3] == "all") NULL else given[3])
  frame <- as.data.frame(if (given[2] == "dataflow") message else slot(message, "codelists"), codelistId = given[4])
}
write.csv(frame, arguments[1], row.names = FALSE, na = "")
