"""The suite: unit, integration, model, e2e and structure tests mirror the code."""
