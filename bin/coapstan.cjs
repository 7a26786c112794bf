#!/usr/bin/env node
'use strict'
/*
 * Starts Coapstan on a Node that can run it: this one, else the one `npm ci` brought along (DEPENDENCIES:
 * runtime), else says which to install. Written for any Node of the last decade; knows nothing else.
 */
var fs = require('fs')
var path = require('path')

var root = path.join(__dirname, '..')
var EX_UNAVAILABLE = 69 // sysexits.h

/** What the server and the command line run on; `engines` says what this file does, which finds them that. */
function runs(version) {
  var parts = version.split('.').map(Number)
  return parts[0] >= 26 || (parts[0] === 24 && parts[1] >= 15)
}

/** Path of the Node executable among our optional dependencies, or undefined. */
function bundledNode() {
  var platform = process.platform === 'win32' ? 'win' : process.platform
  var names = ['node-' + platform + '-' + process.arch, 'node-bin-' + platform + '-' + process.arch]
  for (var i = 0; i < names.length; i++) {
    try {
      var home = path.dirname(require.resolve(names[i] + '/package.json'))
      var file = path.join(home, 'bin', process.platform === 'win32' ? 'node.exe' : 'node')
      if (fs.existsSync(file)) return file
    } catch (error) {
      if (error.code !== 'MODULE_NOT_FOUND') throw error
    }
  }
  return undefined
}

function respawn(node) {
  // The channel carries nothing: when it closes, the child knows that we are gone, even by SIGKILL.
  var options = { stdio: ['inherit', 'inherit', 'inherit', 'ipc'] }
  options.env = Object.assign({}, process.env, { COAPSTAN_LAUNCHED: '1' })
  var child = require('child_process').spawn(node, [__filename].concat(process.argv.slice(2)), options)
  ;['SIGINT', 'SIGTERM', 'SIGHUP'].forEach(function (signal) {
    process.on(signal, function () {
      // A terminal sends Ctrl-C to the whole foreground group: passed on, the child would count two.
      if (signal !== 'SIGINT' || !require('tty').isatty(0)) child.kill(signal)
    })
  })
  child.on('error', function (error) {
    process.stderr.write('coapstan: cannot start ' + node + ': ' + error.message + '\n')
    process.exit(EX_UNAVAILABLE)
  })
  child.on('exit', function (code, signal) {
    if (signal === null) process.exit(code)
    process.removeAllListeners(signal)
    process.kill(process.pid, signal) // ends as the child did, for whoever waits for us
  })
}

/** Ends with the launcher that started us, the way it ended: nobody is left behind with the ports and the data. */
function endWithLauncher() {
  if (process.env.COAPSTAN_LAUNCHED !== '1' || !process.channel) return
  delete process.env.COAPSTAN_LAUNCHED
  process.once('disconnect', function () {
    process.kill(process.pid, 'SIGKILL')
  })
  process.channel.unref()
}

function start() {
  endWithLauncher()
  require('module').enableCompileCache()
  // A feature Node calls experimental is our risk, not news for a user.
  var emitWarning = process.emitWarning
  process.emitWarning = function (warning, kind) {
    var name = typeof kind === 'object' && kind !== null ? kind.type : kind
    if (name !== 'ExperimentalWarning') emitWarning.apply(process, arguments)
  }
  // These are the server's own, all else the command line. The published package is compiled: Node strips no types there.
  var room = { serve: 'server', doctor: 'server/doctor' }[process.argv[2]] || 'cli'
  if (room !== 'cli') process.argv.splice(2, 1)
  var compiled = path.join(root, 'dist', room, 'main.js')
  var main = fs.existsSync(compiled) ? compiled : path.join(root, 'src', room, 'main.ts')
  import(require('url').pathToFileURL(main).href).catch(function (error) {
    if (error.code !== 'ERR_MODULE_NOT_FOUND') throw error
    process.stderr.write('coapstan: ' + error.message + '\nRun `npm ci` in ' + root + ' first.\n')
    process.exit(EX_UNAVAILABLE)
  })
}

var bundled = runs(process.versions.node) ? undefined : bundledNode()
if (runs(process.versions.node)) start()
else if (bundled !== undefined) respawn(bundled)
else {
  process.stderr.write(
    'coapstan: Node ' +
      process.versions.node +
      ' is too old. Install Node 26 (https://nodejs.org) or the newest 24;\n' +
      'in a checkout `npm ci` brings one along.\n',
  )
  process.exit(EX_UNAVAILABLE)
}
