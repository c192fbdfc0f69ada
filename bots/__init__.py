"""Messenger adapters: each carries words between one platform and the backend, over HTTP only.

A bot knows nothing of interviews and keeps no answers: what it writes to its disk is sealed to the
backend's inbox key before it is written.
"""
