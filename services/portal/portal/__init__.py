"""Portal owns organisations, their API keys, and the tokens every service trusts."""
