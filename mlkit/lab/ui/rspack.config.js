// Modules are numbered in the order of their use: by a hash of their paths, the built
// files would differ from folder to folder.
module.exports = { optimization: { moduleIds: 'natural', chunkIds: 'natural' } };
