"""The only truth: tables, transactions, and query functions per subject."""
