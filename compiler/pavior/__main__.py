"""`python -m pavior`."""

from pavior.cli import main

if __name__ == "__main__":
    main()
