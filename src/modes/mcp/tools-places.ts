// Projects, environment groups, recipients and the audit log, as an AI agent sees them. Names and descriptions were
// written by others: they are data, and the instructions of the server say so.
import audit from '../../commands/audit.ts'
import identities from '../../commands/identity/list.ts'
import inherited from '../../commands/env/inherited.ts'
import groupList from '../../commands/env/group/list.ts'
import groupShow from '../../commands/env/group/show.ts'
import { groupData, isDrift } from '../../commands/parts/groups.ts'
import projectsCreate from '../../commands/projects/create.ts'
import projectsDelete from '../../commands/projects/delete.ts'
import projectsList from '../../commands/projects/list.ts'
import projectsRecipients from '../../commands/projects/recipients.ts'
import { toRfc3339 } from '../../lib/time.ts'
import type { AuditEntry } from '../../vault/view.ts'
import { currentProject, searchProjects, sessionStatus, sessionUnlock, status, useProject } from './own.ts'
import { FLAG, LIST, NUMBER, TEXT, tool } from './tool.ts'
import type { Tool } from './tool.ts'

export const PLACE_TOOLS: readonly Tool[] = [
  tool(status, {
    name: 'vault_status',
    title: 'State of the vault',
    core: true,
    hasProject: false,
    output: { is_unlocked: FLAG, current_project: TEXT, project_count: NUMBER, policy: { type: 'object' } },
    result: (state) => state,
  }),
  tool(sessionStatus, {
    name: 'vault_session_status',
    title: 'State of the session',
    hasProject: false,
    output: { locked: FLAG, uses_left: NUMBER, seconds_left: NUMBER, pending: NUMBER, agent: FLAG },
    result: (state) => state,
  }),
  tool(sessionUnlock, {
    name: 'vault_session_unlock',
    title: 'Ask the owner',
    takes: { purpose: 'purpose' },
    hasProject: false,
    output: { request: TEXT, seconds: NUMBER },
    result: (asked) => asked,
  }),
  tool(projectsList, {
    name: 'vault_list_projects',
    title: 'List projects',
    about: 'The projects that you may know',
    core: true,
    hasProject: false,
    output: { projects: LIST },
    result: ({ projects }) => ({
      projects: projects.map(({ name, description, secrets }) => ({ name, description, secret_count: secrets })),
    }),
  }),
  tool(projectsList, {
    name: 'vault_projects_overview',
    title: 'List projects with times',
    about: 'The projects that you may know, with times',
    hasProject: false,
    output: { projects: LIST },
    result: ({ projects }) => ({
      projects: projects.map(({ name, description, secrets, createdAt, updatedAt }) => ({
        name,
        description,
        secret_count: secrets,
        created_at: toRfc3339(createdAt),
        updated_at: toRfc3339(updatedAt),
      })),
    }),
  }),
  tool(searchProjects, {
    name: 'vault_search_projects',
    title: 'Search projects',
    takes: { name_like: 'name-like', description_like: 'description-like', limit: 'limit' },
    hasProject: false,
    output: { projects: LIST },
    result: (projects) => ({ projects }),
  }),
  tool(currentProject, {
    name: 'vault_get_current_project',
    title: 'Current project',
    hasProject: false,
    output: { current_project: TEXT },
    result: (_, { project }) => ({ current_project: project }),
  }),
  tool(useProject, {
    name: 'vault_set_current_project',
    title: 'Choose a project',
    takes: { name: 'name' },
    hasProject: false,
    idempotent: true,
    output: { name: TEXT, set: FLAG },
    result: ({ name }) => ({ name, set: true }),
    after: (session, { input }) => {
      session.project = String(input['name'])
    },
  }),
  tool(projectsCreate, {
    name: 'vault_create_project',
    title: 'Make a project',
    takes: { name: 'name', description: 'description' },
    hasProject: false,
    output: { name: TEXT, created: FLAG },
    result: ({ name }) => ({ name, created: true }),
  }),
  tool(projectsDelete, {
    name: 'vault_delete_project',
    title: 'Destroy a project',
    about: 'Destroy a project with all its secrets; this cannot be undone',
    takes: { name: 'name' },
    fixed: { yes: true },
    hasProject: false,
    output: { name: TEXT, deleted: FLAG },
    result: ({ name }) => ({ name, deleted: true }),
  }),
  tool(projectsRecipients, {
    name: 'vault_project_recipients',
    title: 'Recipients of a project',
    about: 'With whom a project is shared',
    output: { project: TEXT, recipients: LIST },
    result: ({ project, recipients }) => ({
      project,
      recipients: recipients.map(({ recipient }) => recipient),
      details: recipients.map(({ recipient, fingerprint, label }) => ({ recipient, fingerprint, label })),
    }),
  }),
  tool(groupList, {
    name: 'vault_env_group_list',
    title: 'List environment groups',
    about: 'The environment groups that you may know',
    hasProject: false,
    output: { groups: LIST },
    result: ({ groups }) => ({ groups: groups.map(groupData) }),
  }),
  tool(groupShow, {
    name: 'vault_env_group_show',
    title: 'Show an environment group',
    about: 'The environments of a group, and which keys they have; values are not compared',
    takes: { name: 'name' },
    hasProject: false,
    output: { group: { type: 'object' }, diff_status: TEXT, diff_keys: LIST },
    result: ({ group, keys }) => ({
      group: groupData(group),
      diff_status: isDrift(keys) ? 'drift' : 'ok',
      diff_keys: keys.map(({ key, environments }) => ({ key, environments })),
    }),
  }),
  tool(inherited, {
    name: 'vault_env_inherited',
    title: 'Where keys come from',
    about: 'Which keys an environment has of its own, and which it inherits',
    takes: { group: 'group', env: 'env' },
    hasProject: false,
    output: { keys: LIST },
    result: (sources) => ({
      keys: sources.map(({ key, environment, inherited: isInherited, pinned }) => ({
        key,
        source: isInherited ? `inherited:${environment}` : 'local',
        pinned,
      })),
    }),
  }),
  tool(identities, {
    name: 'vault_identity_list',
    title: 'List identities',
    about: 'Identities by name, with the recipient of each; no private key',
    hasProject: false,
    output: { identities: LIST },
    result: (found) => ({ identities: found }),
  }),
  tool(audit, {
    name: 'vault_audit_log',
    title: 'Audit log',
    about: 'The newest rows of the audit log, about what you may know',
    takes: { limit: 'limit' },
    output: { entries: LIST, count: NUMBER },
    result: (entries) => rows(entries),
  }),
  tool(audit, {
    name: 'vault_audit_log_since',
    title: 'Search the audit log',
    about: 'Rows of the audit log by time and kind, about what you may know',
    takes: { since: 'since', until: 'until', action: 'action', resource_type: 'resource-type', limit: 'limit' },
    output: { entries: LIST, count: NUMBER },
    result: (entries) => rows(entries),
  }),
]

function rows(entries: readonly AuditEntry[]): object {
  return {
    entries: entries.map(({ timestamp, action, resourceType, resourceName, metadata, ...rest }) => ({
      timestamp: toRfc3339(timestamp),
      action,
      resource_type: resourceType,
      resource_name: resourceName,
      ...(Object.keys(metadata).length > 0 && { metadata }),
      ...rest,
    })),
    count: entries.length,
  }
}
