"""Facts about Katib and the kinds its trials run as, each beside the source it was read from."""
