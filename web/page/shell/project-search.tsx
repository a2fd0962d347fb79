import { Select } from '@mantine/core'
import type { SwitchProps } from './project-switch.tsx'

/** Finds a project by a piece of its name. */
export function ProjectSearch({ names, project, onChoose, onOpen }: SwitchProps) {
  return (
    <Select
      aria-label="Project"
      size="xs"
      className="project-switch"
      data={[...names]}
      value={project}
      searchable
      allowDeselect={false}
      selectFirstOptionOnChange
      nothingFoundMessage="No project of yours is called so"
      maxDropdownHeight={420}
      comboboxProps={{ transitionProps: { duration: 0 }, width: 280, position: 'bottom-start' }}
      onDropdownOpen={onOpen}
      onChange={name => name !== null && onChoose(name)}
    />
  )
}
