"""What the papers say beside what qbsim finds: scenarios, the rows of their claims, and the table of both."""
