"""What machines share: the variables that say where, and whom to believe. It imports nothing, as most runs share nothing."""

PLACE = "PAVIOR_SHARED_CACHE"
"""The variable that names the place, as a URL of fsspec."""

PUBLIC, PRIVATE = f"{PLACE}_PUBLIC_KEY", f"{PLACE}_PRIVATE_KEY"
"""Those that hold the keys, as PEM: who has the private one writes, who has the public one reads."""
