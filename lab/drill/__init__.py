"""The rollback drill: a deliberately bad model is promoted, and the platform has to roll it back."""
