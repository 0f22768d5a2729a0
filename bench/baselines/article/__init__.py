"""The service of the article that sentiq began from, with its versions; runs in an environment of its own."""
