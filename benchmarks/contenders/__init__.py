"""What is measured beside the service: each file serves digits in one way, and knows no other.

They run in environments of their own, by `requirements/`, and never import the service.
"""
