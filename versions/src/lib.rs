//! The versions of `PostgresDB`: their types, the schema that a cluster is
//! given, and the conversion between them.
//!
//! Nothing here may know a client, a runtime or a clock: conversion is a pure
//! function that runs wherever an object is read.
