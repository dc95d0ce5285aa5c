// The table of contents: one import and one entry per command. test/house/commands.test.ts compares it with the folder.
import type { Command } from './define.ts'
import agentInstall from './agent/install.ts'
import agentLock from './agent/lock.ts'
import agentLogs from './agent/logs.ts'
import agentRestart from './agent/restart.ts'
import agentStart from './agent/start.ts'
import agentStatus from './agent/status.ts'
import agentStop from './agent/stop.ts'
import agentTokenList from './agent/token/list.ts'
import agentTokenNew from './agent/token/new.ts'
import agentTokenRevoke from './agent/token/revoke.ts'
import agentUninstall from './agent/uninstall.ts'
import approvals from './approvals.ts'
import approvalsApprove from './approvals/approve.ts'
import approvalsDeny from './approvals/deny.ts'
import approvalsForgive from './approvals/forgive.ts'
import approvalsWatch from './approvals/watch.ts'
import audit from './audit.ts'
import auditVerify from './audit/verify.ts'
import backup from './backup.ts'
import ciExport from './ci/export.ts'
import ciInit from './ci/init.ts'
import completion from './completion.ts'
import copy from './copy.ts'
import decryptEnv from './decrypt-env.ts'
import deleteCommand from './delete.ts'
import diff from './diff.ts'
import dockerBuild from './docker/build.ts'
import dockerCompose from './docker/compose.ts'
import dockerInit from './docker/init.ts'
import dockerRun from './docker/run.ts'
import docs from './docs.ts'
import doctor from './doctor.ts'
import encryptEnv from './encrypt-env.ts'
import env from './env.ts'
import envDiff from './env/diff.ts'
import envGroupAdd from './env/group/add.ts'
import envGroupCreate from './env/group/create.ts'
import envGroupDelete from './env/group/delete.ts'
import envGroupList from './env/group/list.ts'
import envGroupRemove from './env/group/remove.ts'
import envGroupShow from './env/group/show.ts'
import envInherit from './env/inherit.ts'
import envInherited from './env/inherited.ts'
import envPin from './env/pin.ts'
import envPromote from './env/promote.ts'
import envSeal from './env/seal.ts'
import envUnpin from './env/unpin.ts'
import exportCommand from './export.ts'
import generate from './generate.ts'
import get from './get.ts'
import gitClean from './git-clean.ts'
import gitFilterCheck from './git-filter/check.ts'
import gitFilterCheckout from './git-filter/checkout.ts'
import gitFilterInstall from './git-filter/install.ts'
import gitFilterMerge from './git-filter/merge.ts'
import gitFilterProcess from './git-filter/process.ts'
import gitFilterStatus from './git-filter/status.ts'
import gitFilterTextconv from './git-filter/textconv.ts'
import gitFilterTrack from './git-filter/track.ts'
import gitFilterUninstall from './git-filter/uninstall.ts'
import gitSmudge from './git-smudge.ts'
import help from './help.ts'
import history from './history.ts'
import hook from './hook.ts'
import hookAllow from './hook/allow.ts'
import hookDeny from './hook/deny.ts'
import hookLoad from './hook/load.ts'
import identityExport from './identity/export.ts'
import identityList from './identity/list.ts'
import identityNew from './identity/new.ts'
import importCommand from './import.ts'
import init from './init.ts'
import k8sRender from './k8s/render.ts'
import keyRotate from './key/rotate.ts'
import list from './list.ts'
import lock from './lock.ts'
import mcp from './mcp.ts'
import mcpInstall from './mcp/install.ts'
import mcpWrap from './mcp/wrap.ts'
import migrate from './migrate.ts'
import move from './move.ts'
import open from './open.ts'
import policyCheck from './policy/check.ts'
import policyEdit from './policy/edit.ts'
import policyExplain from './policy/explain.ts'
import policyReset from './policy/reset.ts'
import policySet from './policy/set.ts'
import policyShow from './policy/show.ts'
import projectsCreate from './projects/create.ts'
import projectsDelete from './projects/delete.ts'
import projectsList from './projects/list.ts'
import projectsRecipients from './projects/recipients.ts'
import projectsShare from './projects/share.ts'
import projectsUnshare from './projects/unshare.ts'
import projectsUse from './projects/use.ts'
import restore from './restore.ts'
import rollback from './rollback.ts'
import run from './run.ts'
import seal from './seal.ts'
import search from './search.ts'
import selfUpdate from './self-update.ts'
import set from './set.ts'
import shellInit from './shell-init.ts'
import ssh from './ssh.ts'
import status from './status.ts'
import sync from './sync.ts'
import tier from './tier.ts'
import tierLower from './tier/lower.ts'
import tierRaise from './tier/raise.ts'
import unlock from './unlock.ts'
import version from './version.ts'

/** Every command, sorted by its words. Declarations are cheap: what a body needs is loaded when it asks for it. */
export const commands: readonly Command[] = [
  agentInstall,
  agentLock,
  agentLogs,
  agentRestart,
  agentStart,
  agentStatus,
  agentStop,
  agentTokenList,
  agentTokenNew,
  agentTokenRevoke,
  agentUninstall,
  approvals,
  approvalsApprove,
  approvalsDeny,
  approvalsForgive,
  approvalsWatch,
  audit,
  auditVerify,
  backup,
  ciExport,
  ciInit,
  completion,
  copy,
  decryptEnv,
  deleteCommand,
  diff,
  dockerBuild,
  dockerCompose,
  dockerInit,
  dockerRun,
  docs,
  doctor,
  encryptEnv,
  env,
  envDiff,
  envGroupAdd,
  envGroupCreate,
  envGroupDelete,
  envGroupList,
  envGroupRemove,
  envGroupShow,
  envInherit,
  envInherited,
  envPin,
  envPromote,
  envSeal,
  envUnpin,
  exportCommand,
  generate,
  get,
  gitClean,
  gitFilterCheck,
  gitFilterCheckout,
  gitFilterInstall,
  gitFilterMerge,
  gitFilterProcess,
  gitFilterStatus,
  gitFilterTextconv,
  gitFilterTrack,
  gitFilterUninstall,
  gitSmudge,
  help,
  history,
  hook,
  hookAllow,
  hookDeny,
  hookLoad,
  identityExport,
  identityList,
  identityNew,
  importCommand,
  init,
  k8sRender,
  keyRotate,
  list,
  lock,
  mcp,
  mcpInstall,
  mcpWrap,
  migrate,
  move,
  open,
  policyCheck,
  policyEdit,
  policyExplain,
  policyReset,
  policySet,
  policyShow,
  projectsCreate,
  projectsDelete,
  projectsList,
  projectsRecipients,
  projectsShare,
  projectsUnshare,
  projectsUse,
  restore,
  rollback,
  run,
  seal,
  search,
  selfUpdate,
  set,
  shellInit,
  ssh,
  status,
  sync,
  tier,
  tierLower,
  tierRaise,
  unlock,
  version,
] as unknown as readonly Command[]

/** The command with the longest run of `words` that is its path or an alias, and how many words that took. */
export function match(words: readonly string[]): { command: Command; words: number } | undefined {
  for (let count = Math.min(3, words.length); count > 0; count--) {
    const typed = words.slice(0, count).join(' ')
    const command = commands.find(({ path, aliases = [] }) => path === typed || aliases.includes(typed))
    if (command !== undefined) return { command, words: count }
  }
  return undefined
}
