"""The shapes of requests and answers: they validate the ones, write the others, and make the OpenAPI document."""
