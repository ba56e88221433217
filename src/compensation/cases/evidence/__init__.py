"""Evidence: receipts and photos of a case, kept in an object store under the customer's key and described by a row."""
