"""The model wing: chosen, tuned, trained, evaluated, reviewed, accepted, packaged."""
