"""Run the command line: ``python -m sdmx_hub``."""

from sdmx_hub.cli import main

if __name__ == "__main__":
    main()
