"""What webhooks rest on: signatures that a receiver can check, and addresses that may be posted to."""
