"""Webhooks as Django knows them."""

from django.apps import AppConfig


class WebhooksConfig(AppConfig):
    name = "parley.webhooks"
    label = "webhooks"
