"""Personal data, declared where it is stored: the tables from which inventory, rights and retention are derived."""
