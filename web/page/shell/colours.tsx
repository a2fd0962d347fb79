import { type MantineColorScheme, Menu, useMantineColorScheme } from '@mantine/core'

const schemes: readonly (readonly [MantineColorScheme, string])[] = [
  ['light', 'Light'],
  ['dark', 'Dark'],
  ['auto', 'As this computer'],
]

/** Light, dark or as the system has it; items of a menu. */
export function Colours() {
  const { colorScheme, setColorScheme } = useMantineColorScheme()
  return (
    <>
      <Menu.Label id="colours">Colours</Menu.Label>
      {schemes.map(([scheme, words]) => (
        <Menu.Item
          key={scheme}
          role="menuitemradio"
          aria-checked={colorScheme === scheme}
          closeMenuOnClick={false}
          onClick={() => setColorScheme(scheme)}
          leftSection={<span aria-hidden="true">{colorScheme === scheme ? '●' : '○'}</span>}
        >
          {words}
        </Menu.Item>
      ))}
    </>
  )
}
