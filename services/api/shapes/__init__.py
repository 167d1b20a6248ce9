"""Documents that the gateway answers with, a module for each resource."""
