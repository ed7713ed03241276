// Newer Nodes let mocha load test files with `require`; an `import()` inside them then makes a second copy of every
// module, and errors of one copy are no instances of the other's class. Tests are ES modules: they are imported.
Object.defineProperty(process.features, 'require_module', { value: false });
