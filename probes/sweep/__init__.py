"""Sweeps: many cells on one machine or on a cluster, kept in a store, so that none is lost and none done twice."""
