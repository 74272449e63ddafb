"""How fast Pavior is, measured on fleets of made-up services: `make bench`."""
