"""What is kept how long: a policy as data, and the job that applies it to rows and objects (docs/adr/0025)."""
