// Package share stores archives on a share: a Nextcloud folder, a WebDAV or SFTP
// server, a bucket, a mounted folder.
//
// A ShareProvider is a connection to one share, made by a Definition from Settings. A
// Registry has the definitions by type; sdk.ShareProviders returns one with those of
// this module, and a program adds its own with Register. Package sharetest has the
// tests that every provider passes.
//
// Upload and Download repeat what a provider does until it is complete and verified.
package share
