// Stands in a bundle for an optional package: the library that asks for it gets the same answer as where it isn't installed.
throw new Error('the package is not in the bundle')
