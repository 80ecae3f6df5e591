"""Who may come in: origins, tokens, tickets, how often, from where."""
