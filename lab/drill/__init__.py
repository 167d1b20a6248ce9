"""The rollback drill: a deliberately bad model is promoted, and the platform has to get rid of it by itself."""
