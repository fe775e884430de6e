"""What user code yields and what the record says: events, metadata, tables."""
