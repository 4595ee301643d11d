// Package gallery keeps pictures as PNG files that hold their own recipe and
// marks, so that yesterday's picture can be made again. The files are all there
// is: a gallery is a folder of them. An index in the folder makes it quick to
// look through tens of thousands; it is made again from the files whenever it
// is missing, damaged or behind.
//
// The index is SQLite as github.com/ncruces/go-sqlite3 translates it to Go: MIT,
// alive, and 9 MB of source in three modules where modernc.org/sqlite has 250 MB in
// nine, for the same time to compile.
//
//	00001.png …    pictures, their recipe and marks inside
//	.index.db      the index (with -wal and -shm beside it)
//	.thumbnails/   small copies
//	.trash/        removed pictures
package gallery
