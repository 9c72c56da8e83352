"""Prefect wrappers around the pipeline, and nothing else.

Here belong flows, tasks and schedules. What a task does belongs to ``pipeline``, which knows
nothing of Prefect and does the same job from the command line without it.
"""
