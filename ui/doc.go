// Package ui is the studio's window: what is seen and touched. It puts together
// a request, hands it to the engine, shows the picture while it develops and
// keeps favourites at hand. It computes nothing itself and needs no display to
// be tested; only package app opens a real window.
//
// Widgets present and report through OnX callbacks; the Studio connects them to
// the engine, the gallery and the timeline. Everything in this package runs on
// Fyne's own goroutine except what says that it doesn't: following a job, sizing
// pictures, and whatever reads or writes files.
package ui
