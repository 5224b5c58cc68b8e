"""What the papers say beside what qbsim finds: scenarios, and the table of their claims."""
