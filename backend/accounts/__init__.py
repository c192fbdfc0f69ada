"""Members: invitation, enrolment, log-in, sessions, linked messengers, and the roster in use."""
