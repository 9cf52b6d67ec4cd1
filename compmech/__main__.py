"""`python -m compmech`: the command `compmech`."""

from compmech.cli import main

if __name__ == "__main__":
    main()
