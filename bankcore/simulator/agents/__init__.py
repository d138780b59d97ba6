"""Who lives in the simulation: households with their people, accounts, income, bills and habits."""
