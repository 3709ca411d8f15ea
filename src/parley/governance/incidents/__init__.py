"""Personal data breaches: whom they touch, the clock of each customer, notices, the register of breaches."""
