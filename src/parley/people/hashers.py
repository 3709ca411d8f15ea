"""How passwords are hashed."""

from django.contrib.auth.hashers import Argon2PasswordHasher


class Argon2(Argon2PasswordHasher):
    """Argon2id with 46 MiB, one pass, one lane: OWASP's first choice, and half the memory of Django's default."""

    time_cost = 1
    memory_cost = 47104
    parallelism = 1
