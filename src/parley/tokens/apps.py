"""Tokens as Django knows them."""

from django.apps import AppConfig


class TokensConfig(AppConfig):
    name = "parley.tokens"
    label = "tokens"
