"""``python -m pipeline``: the command line without its installed name."""

from pipeline.cli import main

if __name__ == "__main__":
    main()
